source "null" "full" {
  communicator = "none"
}

build {
  sources = ["null.full"]
}
