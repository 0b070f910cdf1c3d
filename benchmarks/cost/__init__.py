"""What do meter runs cost on AWS?"""
