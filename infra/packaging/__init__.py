"""What is deployed: the template, the functions' zips, the hourly worker's image."""
