"""From layers to a training set: which strategy each frame gets, and carrying it out."""
