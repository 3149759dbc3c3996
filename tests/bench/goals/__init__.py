"""One file per group of goals. A file placed here joins the bench by `@measures("G…")`."""
