"""What torch and diffusers answer, recorded for the Swift tests. See record-goldens.py."""
