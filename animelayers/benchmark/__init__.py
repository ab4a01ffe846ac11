"""What the work costs beside what a user would write today; every figure is a ratio of interleaved runs on
one machine.
"""
