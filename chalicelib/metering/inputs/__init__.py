"""The input document of a run: reading it into a trace, a project and weather, and the frequency of its readings."""
