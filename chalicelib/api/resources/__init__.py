"""The API's resources, one file each; the largest have their schemas in schemas/.

meter_run_checks.py belongs to meter_runs.py.
"""
