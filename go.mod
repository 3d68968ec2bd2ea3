module migratecheck

go 1.26

require (
	github.com/aws/smithy-go v1.28.8
	github.com/hashicorp/cronexpr v1.1.3
	github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common v1.3.210
	github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts v1.0.628
	github.com/tencentyun/scf-go-lib v0.0.0-20230904103145-13c9a7eeca80
	go.yaml.in/yaml/v3 v3.0.6
)

require github.com/stretchr/testify v1.12.1 // indirect
