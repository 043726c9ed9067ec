/** The architectures that a build environment can have, in the words of packer's releases. */
export const architectures = ['linux_amd64', 'linux_arm64'] as const;
export type Architecture = (typeof architectures)[number];

/**
 * The SHA-256 of `packer_<version>_<architecture>.zip`, in hex: HashiCorp's own, from the formulas of their Homebrew tap
 * (hashicorp/homebrew-tap, Formula/packer.rb, a commit a release), and each found again in cashapp/hermit-packages
 * (packer.hcl), which takes them from HashiCorp's SHA256SUMS. For 1.14.1 and 1.16.0 the second source beside that list is
 * another formula, not the tap itself. A release is added only where two such sources agree.
 */
export const packerReleases: Readonly<Record<string, Readonly<Record<Architecture, string>>>> = {
  '1.10.0': {
    linux_amd64: 'a8442e7041db0a7db48f468e353ee07fa6a7b35276ec62f60813c518ca3296c1',
    linux_arm64: '37149ec9ca322aa50f249a645e43e67498b67e785b356c59f9b0f0e6519da78e',
  },
  '1.10.1': {
    linux_amd64: 'e6cfde9514758a7f8684006b3c7f527411d1018a2162ab1376f8aa067546949d',
    linux_arm64: 'a6bf810360a972a7f8f33ad04873ab36ed80df2f6d31e272be820a6b5af268a5',
  },
  '1.10.2': {
    linux_amd64: '6ed412d212e6948f956a92099d6f941ddb470ff30ab40432622f5e68d594ec46',
    linux_arm64: 'c87ac9845a6cbabeb397d46948a2d59111d87c6413fe837aafbaee9cf602e0a9',
  },
  '1.10.3': {
    linux_amd64: '12977fde5f4fbbb0a88b4e8dc59c2f899113e57292d02a8bdc0efecf8cb3a9a2',
    linux_arm64: '5803dc279fc1f1ab98020b9bcb08e9702dab96eda10a5d09c3fbe849f9afb498',
  },
  '1.11.0': {
    linux_amd64: 'dcac06a4c671bbb71e916da5abe947ebf4d6aa35c197e21c7c7b1d68cb8b7cad',
    linux_arm64: '0edd69e9cf34687d118610ed5de88fc18a2d3e2d9d3600ff3e76eaac08afd5cb',
  },
  '1.11.1': {
    linux_amd64: '07a9d92fe98d7bb4be09392c06ef6c4f9ffbc905fe6c29fff0622432367f01cc',
    linux_arm64: '2666f40bde53f4684ba5a3d52a38c02d6ba45fd114c38ea6a0925bedd2e16ad0',
  },
  '1.11.2': {
    linux_amd64: 'ced13efc257d0255932d14b8ae8f38863265133739a007c430cae106afcfc45a',
    linux_arm64: 'dd296d743dd4593304307583cff5290bba9b868fc2b0b605b64566f8141ca728',
  },
  '1.12.0': {
    linux_amd64: 'e859a76659570d1e29fa55396d5d908091bacacd4567c17770e616c4b58c9ace',
    linux_arm64: 'a9ea40e7757cd000836b650bd2ed825dc3af9a7d73f4e19119df4c1aa13d0fe6',
  },
  '1.13.0': {
    linux_amd64: '51d5920da4f35f9de67043e3861ae61cbdf019dd87011f2c16fa6146b7e78970',
    linux_arm64: 'dbb7b764e8ac15376e9330d40a0a23a97baa5435a1698883551a1599cebf1976',
  },
  '1.13.1': {
    linux_amd64: 'c3401da41a47d51e2ef3e78a76f625c753b6f19e81681e4cdc3bc6e6f8c699c0',
    linux_arm64: '41685f9b1326fa433d551afc160b7930490ec9f12cf975943e3cb2adca650b58',
  },
  '1.14.0': {
    linux_amd64: 'ce313ccd3f7f9606cb2eb02db49607960fbaa1ed76bf24b7c4a0850ce743d66a',
    linux_arm64: 'd2a9775c5ae399bdfe7d4b271d45861e18425fffd325043aa8b48f83a96d00cd',
  },
  '1.14.1': {
    linux_amd64: 'b9c39b150fd856c6a6ab1639acc01a181d85033f4e0dc6c9ef87bbb692a59c31',
    linux_arm64: 'b640f5db43ab4c4ad5060cf9144fb3a9461ef56e7fd3368fc39c66eab5a2247e',
  },
  '1.14.2': {
    linux_amd64: 'cfefdea4ac580eba7b254ef34d25b756d4961741004e3e701a1476594d13e64a',
    linux_arm64: '370002d15b07c0dc47dd0d188cdea8e6746606f6fcc3b4de48d02496d71d74ee',
  },
  '1.14.3': {
    linux_amd64: '95041cc0a30f05d5583be26a7c0b715f488e461418ce0c5d88ba204cb092bef1',
    linux_arm64: '42d920291ff495702004eb941b56143dc3efd9b66743fd949b19156422029847',
  },
  '1.15.0': {
    linux_amd64: '2fd1149c5c6c7604ced64d7b56638af05f6b7ed3f6835182bc913ddaba1f16b8',
    linux_arm64: '1687f43bd120601f62e54b970b1cc06f83e95897357dc5c679b57ec9d2fb40a7',
  },
  '1.15.1': {
    linux_amd64: '648d704bec73805a5508ed612185a9e5858ca7d57b730b88b1a54c3af3a91f5f',
    linux_arm64: 'a8d68f1746ecacaf8fa9d364aa086249958a0a1f67c90b8a4f165ff024c0e58e',
  },
  '1.15.2': {
    linux_amd64: '8cc4bc94a7e6d8806dd754869945287918aaa3c55bebdfa5169e33cd1dcf35c6',
    linux_arm64: '03543af87e164eedc6cd8d590f559d1b8d5d9c175f44d7ee1f4e88ae65bce918',
  },
  '1.15.3': {
    linux_amd64: '9ed712c9a8f223c7985d7d21c6b65744bf1c66b8aca333232b96f5ae3fd9c90d',
    linux_arm64: 'ebf06f8f30a7e3bc69fa33ac8a5dfffefd70187df4541cccc6ef3f325b8ae4f1',
  },
  '1.15.4': {
    linux_amd64: '15f97a6a99645c7d5308c609973b5280837b38e112beac413ccbce80da927cf1',
    linux_arm64: '23e6d2e596dd9e2527e0f7bea9aedd26059729375a0d17c462c2621f1b97b82d',
  },
  '1.16.0': {
    linux_amd64: '5edcd14ab59b535040c512dbecd6ec9ef976a000b073c19d93e4c431c948581e',
    linux_arm64: 'cf18f03460d92265d49b56befff333e80641d845822799eab04357c39f75b5d7',
  },
};
