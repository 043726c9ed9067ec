variable "release" {
  type = string
}

variable "greeting" {
  type    = string
  default = "Welcome"
}

source "file" "motd" {
  content = "${var.greeting} to release ${var.release}.\n${file("${path.root}/files/notice.txt")}"
  target  = "out/motd.txt"
}

build {
  sources = ["source.file.motd"]

  provisioner "shell-local" {
    script = "${path.root}/scripts/check.sh"
  }

  post-processor "manifest" {
    output     = "out/packer-manifest.json"
    strip_path = true
  }
}
