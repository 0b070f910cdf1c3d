"""How long would a night with a million meter runs take on AWS, and what would limit it?"""
