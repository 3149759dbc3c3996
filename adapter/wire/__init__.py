"""Bytes to trees and back: the only home of lxml and fhir.resources."""
