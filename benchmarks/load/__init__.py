"""Does the datastore keep its promises under load: nothing lost, nothing wrong, no growing memory?"""
