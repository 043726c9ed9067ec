source "null" "plain" {
  communicator = "none"
}

build {
  sources = ["null.plain"]
}
