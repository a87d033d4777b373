"""Articles under embargo: taken in already, and nowhere but in their own table until their time has come."""
