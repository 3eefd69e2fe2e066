"""The experiment `./market bench hostile`: fifty hostile plugins against a running marketplace."""
