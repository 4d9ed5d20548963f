"""What each operation of the API takes and answers: requests are checked by it, and the document is made of it."""
