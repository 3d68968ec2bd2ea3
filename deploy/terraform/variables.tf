variable "region" {
  description = "Region of the function, such as ap-guangzhou."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z0-9]+){1,3}$", var.region))
    error_message = "A region such as ap-guangzhou."
  }
}

variable "name" {
  description = "Name of the function, of its role and, with a suffix, of its policies."
  type        = string
  default     = "migrate-check"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9_-]{0,50}[A-Za-z0-9]$", var.name))
    error_message = "2 to 52 letters, digits, - and _, the first a letter, the last neither - nor _."
  }
}

variable "namespace" {
  description = "Namespace of the function."
  type        = string
  default     = "default"
}

variable "zip" {
  description = "Zip of the function; its name must change with its content. The one that build.sh has left in build/ if null."
  type        = string
  default     = null
}

variable "timeout" {
  description = "Seconds that the function may take; where it waits, as long as a check takes."
  type        = number
  default     = 900

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900
    error_message = "1 to 900 seconds."
  }
}

variable "tags" {
  description = "Tags of the role, the policies and the function."
  type        = map(string)
  default     = {}
}

# What is checked, and when.

variable "schedule" {
  description = "When the timer fires: second, minute, hour, day, month, week, year, in UTC+8. No timer if null."
  type        = string
  default     = "0 0 2 * * * *"

  validation {
    condition     = var.schedule == null ? true : length(split(" ", var.schedule)) == 7
    error_message = "Seven fields with one space between: second, minute, hour, day, month, week, year."
  }
}

variable "job_ids" {
  description = "The jobs to check. If empty, those of select."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.job_ids : can(regex("^[A-Za-z0-9_-]{1,64}$", id))])
    error_message = "A JobId is 1 to 64 letters, digits, - and _."
  }
}

variable "select" {
  description = "The jobs to check, as in the function's requests. {} is every job that awaits a check."
  type = object({
    Kind            = optional(list(string))
    Status          = optional(list(string))
    JobName         = optional(list(string))
    Tags            = optional(map(list(string)))
    SrcDatabaseType = optional(list(string))
    DstDatabaseType = optional(list(string))
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.select.Status == null ? true : alltrue([for s in var.select.Status : contains(["created", "checking", "checkPass", "checkNotPass"], s)])
    error_message = "Only jobs that are created, checkPass or checkNotPass can be checked, and checking ones waited for."
  }
}

variable "wait" {
  description = "Whether the timer's event waits for the verdicts."
  type        = bool
  default     = true
  nullable    = false
}

variable "start" {
  description = "Whether migrations may be started, and the timer's event starts those whose check passed."
  type        = bool
  default     = false
  nullable    = false
}

variable "sync" {
  description = "Whether sync jobs may be checked, and are selected beside migrations unless select names a Kind."
  type        = bool
  default     = false
  nullable    = false
}

variable "strict" {
  description = "Whether a warning, a skipped step or one that was not begun counts as not passed. Needs api_version 2021-12-06."
  type        = bool
  default     = false
  nullable    = false
}

variable "retries" {
  description = "How often an asynchronous event that failed is tried again."
  type        = number
  default     = 2
}

variable "event_age" {
  description = "Seconds after which an asynchronous event is no longer tried."
  type        = number
  default     = 21600
}

variable "url" {
  description = "Whether the function has a URL, for signed requests."
  type        = bool
  default     = true
  nullable    = false
}

# The function's environment variables. Null leaves one out.

variable "dts_region" {
  description = "Region of the migration jobs. The function's own if null."
  type        = string
  default     = null

  validation {
    condition     = var.dts_region == null ? true : can(regex("^[a-z]{2}(-[a-z0-9]+){1,3}$", var.dts_region))
    error_message = "A region such as ap-guangzhou."
  }
}

variable "dts_endpoint" {
  description = "Host or URL of the DTS API. From the region if null."
  type        = string
  default     = null
}

# 2018-03-30 is for jobs that were made with that generation of the API.
variable "api_version" {
  description = "Generation of the DTS API: 2021-12-06, which also gives the steps of a check, or 2018-03-30."
  type        = string
  default     = "2021-12-06"
  nullable    = false

  validation {
    condition     = contains(["2018-03-30", "2021-12-06"], var.api_version)
    error_message = "2018-03-30 or 2021-12-06."
  }
}

variable "rate_limit" {
  description = "Calls a second, of each action, that one instance may send."
  type        = number
  default     = null

  validation {
    condition     = var.rate_limit == null ? true : var.rate_limit >= 1 && var.rate_limit <= 10000
    error_message = "1 to 10000."
  }
}

variable "max_attempts" {
  description = "Attempts a call."
  type        = number
  default     = null

  validation {
    condition     = var.max_attempts == null ? true : var.max_attempts >= 1 && var.max_attempts <= 10
    error_message = "1 to 10."
  }
}

variable "language" {
  description = "Language of DTS's texts, and of what the function writes for people: en-US or zh-CN."
  type        = string
  default     = null

  validation {
    condition     = var.language == null ? true : contains(["en-US", "zh-CN"], var.language)
    error_message = "en-US or zh-CN."
  }
}

variable "start_tag" {
  description = "key=value: only jobs that bear this tag are started."
  type        = string
  default     = null

  validation {
    condition     = var.start_tag == null ? true : can(regex("^[^=]{1,127}=.{1,127}$", var.start_tag))
    error_message = "A tag's key and value, as in key=value."
  }
}

variable "result_function" {
  description = "Function that gets the answer as its event: [namespace/]name[:qualifier]."
  type        = string
  default     = null

  validation {
    condition     = var.result_function == null ? true : can(regex("^([A-Za-z][A-Za-z0-9_-]{0,59}/)?[A-Za-z][A-Za-z0-9_-]{0,59}(:[A-Za-z0-9_$][A-Za-z0-9_-]{0,63})?$", var.result_function))
    error_message = "A function's name, as in next, namespace/next or next:qualifier."
  }
}

variable "result_event_bus" {
  description = "Event bus that gets one CloudEvent a job: eb-…"
  type        = string
  default     = null

  validation {
    condition     = var.result_event_bus == null ? true : can(regex("^eb-[A-Za-z0-9]{1,32}$", var.result_event_bus))
    error_message = "The id of an event bus, which begins with eb-."
  }
}

variable "result_webhook" {
  description = "URL of a WeCom, Feishu, DingTalk or Slack robot, or of anything else that takes the answer as JSON."
  type        = string
  default     = null
  sensitive   = true
}

variable "result_webhook_secret" {
  description = "Signs for Feishu and DingTalk. 8 characters or more."
  type        = string
  default     = null
  sensitive   = true
}

variable "result_webhook_form" {
  description = "wecom, feishu, dingtalk, slack or json. From the host if null."
  type        = string
  default     = null

  validation {
    condition     = var.result_webhook_form == null ? true : contains(["wecom", "feishu", "dingtalk", "slack", "json"], var.result_webhook_form)
    error_message = "wecom, feishu, dingtalk, slack or json."
  }
}

variable "result_webhook_mention" {
  description = "User ids with commas between them, or all: who is called in a message about problems."
  type        = string
  default     = null

  validation {
    condition     = var.result_webhook_mention == null ? true : can(regex("^[A-Za-z0-9_.@+, -]+$", var.result_webhook_mention))
    error_message = "User ids of the chat with commas between them, or all."
  }
}

variable "result_when" {
  description = "always, problems (only what needs a person), or changes (only what differs from the check before)."
  type        = string
  default     = null

  validation {
    condition     = var.result_when == null ? true : contains(["always", "problems", "changes"], var.result_when)
    error_message = "always, problems or changes."
  }
}

variable "result_scf_endpoint" {
  description = "Host or URL of the SCF API, for result_function. From the region if null."
  type        = string
  default     = null
}

variable "result_eb_endpoint" {
  description = "Host or URL of the EventBridge API, for result_event_bus. From the region if null."
  type        = string
  default     = null
}

variable "https_proxy" {
  description = "Proxy of all calls and messages, a URL."
  type        = string
  default     = null
  sensitive   = true
}

variable "no_proxy" {
  description = "Hosts, domains, addresses and networks that are reached without the proxy, with commas between them."
  type        = string
  default     = null
}

variable "log_level" {
  description = "debug, info, warn or error."
  type        = string
  default     = null

  validation {
    condition     = var.log_level == null ? true : contains(["debug", "info", "warn", "error"], var.log_level)
    error_message = "debug, info, warn or error."
  }
}

# Log and alarms. There are alarms if alarm_webhook or alarm_user_group says whom
# to tell.

variable "log_days" {
  description = "Days for which the log is kept."
  type        = number
  default     = 30

  validation {
    condition     = var.log_days >= 1 && var.log_days <= 3600
    error_message = "1 to 3600 days."
  }
}

variable "alarm_webhook" {
  description = "URL that alarms are sent to: a robot of WeCom, Feishu or DingTalk, or any other by POST."
  type        = string
  default     = null
  sensitive   = true
}

variable "alarm_user_group" {
  description = "Id of the CAM user group that alarms are sent to."
  type        = number
  default     = null
}

variable "alarm_channels" {
  description = "How the user group is told: Email, Sms, WeChat, Phone."
  type        = list(string)
  default     = ["Email"]

  validation {
    condition     = alltrue([for c in var.alarm_channels : contains(["Email", "Sms", "WeChat", "Phone"], c)])
    error_message = "Email, Sms, WeChat or Phone."
  }
}

variable "alarm_needed" {
  description = "Whether there is an alarm when a person is needed: a job did not pass, has no verdict, failed, or waits to be started."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarm_not_forwarded" {
  description = "Whether there is an alarm when a result could not be forwarded."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarm_quiet" {
  description = "Whether there is an alarm each morning after a day on which the timer did not fire, or found no job. For a timer that fires every day."
  type        = bool
  default     = true
  nullable    = false
}
