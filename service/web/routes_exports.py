"""The routes of what an applicant sees and takes along: report and export."""
