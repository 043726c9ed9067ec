source "file" "flux" {
  content = "installed from a mirror that was in flux\n"
  target  = "out/flux.txt"
}

build {
  sources = ["source.file.flux"]

  provisioner "shell-local" {
    script = "${path.root}/scripts/install.sh"
  }
}
