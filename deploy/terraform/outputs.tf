output "function" {
  description = "Name of the function."
  value       = tencentcloud_scf_function.function.name
}

output "role" {
  description = "Name of its execution role."
  value       = tencentcloud_cam_role.function.name
}

output "url" {
  description = "The Function URL, where SCF names it in the trigger's description."
  value       = try(jsondecode(tencentcloud_scf_trigger.url[0].trigger_attribute).NetConfig.ExtranetUrl, null)
}
