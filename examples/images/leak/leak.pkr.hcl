source "file" "leak" {
  content = "never built\n"
  target  = "out/leak.txt"
}

build {
  sources = ["source.file.leak"]

  provisioner "shell-local" {
    script = "${path.root}/scripts/deploy.sh"
  }
}
