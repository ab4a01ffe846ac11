"""Pages and figures that tell what a job made."""
