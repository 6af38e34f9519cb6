"""A whole exam on this machine, with what may go wrong in it: `make rehearse`."""
