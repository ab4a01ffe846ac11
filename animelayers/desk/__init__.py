"""The desk: a local page that shows outputs, runs and shots, and takes corrections and decisions.

Pages are thin; what they show is found by modules that know of no page.
"""
