"""What is drawn on a terminal: canvases as they form, grids of symbols."""
