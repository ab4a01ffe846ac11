"""How work is done: what a step promises, placing it on a machine, planning, actors, and one run from plan to
end products.
"""
