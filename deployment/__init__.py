"""`python -m deployment TAG`: which image an `up` of which stack rolls out, so that a deployment is a switch too."""
