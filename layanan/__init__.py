"""The public side: services and tariffs, innovations, SIMBA, surveys, reports. Knows units, never assessments."""
