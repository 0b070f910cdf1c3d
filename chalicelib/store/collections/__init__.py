"""What clients store by name: projects, traces and trace groups."""
