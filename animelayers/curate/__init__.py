"""From layers to a training set: who is who, which frames are as good as the same, which strategy each frame
gets, and carrying it out.
"""
