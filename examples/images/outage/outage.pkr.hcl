source "null" "outage" {
  communicator = "none"
}

build {
  sources = ["source.null.outage"]

  provisioner "shell-local" {
    script = "${path.root}/scripts/install.sh"
  }
}
