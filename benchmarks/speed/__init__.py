"""How fast are meter runs, and how much memory do they need?"""
