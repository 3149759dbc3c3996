"""Runs the tables in mappings/: reads facts out of trees and writes resources from facts. Pure."""
