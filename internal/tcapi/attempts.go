package tcapi

// MaxAttempts is how many attempts a call may take, for who makes some of them
// calls of their own.
func (c *Client) MaxAttempts() int { return c.config.MaxAttempts }
