"""How sure a sum of predictions is: the methods that a run's `uncertainty` names, each in a file of its own."""
