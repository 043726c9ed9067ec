# The attribute is misspelt: packer refuses the template, and no retry would help.
source "file" "typo" {
  contents = "hello"
  target   = "out/typo.txt"
}

build {
  sources = ["source.file.typo"]
}
