"""What clients create and change: projects, traces and trace groups."""
