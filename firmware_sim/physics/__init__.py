"""How sensors and rooms behave. Pure: loads, times and a numpy Generator in, samples out."""
