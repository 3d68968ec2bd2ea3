terraform {
  required_version = ">= 1.3"

  required_providers {
    tencentcloud = {
      source  = "tencentcloudstack/tencentcloud"
      version = "~> 1.83.25"
    }
  }
}

# The key is taken from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY.
provider "tencentcloud" {
  region = var.region
}
