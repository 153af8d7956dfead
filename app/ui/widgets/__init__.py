"""Small widgets, icons and colours that know nothing of plans or models: any Qt program could use
them."""
