// English, of the door, loaded when nobody is signed in.
export const en = {
  "sign_in.with": "Sign in with {name}",
  "vouched.oidc_failed": "The other service could not be trusted this time. Please try again.",
  "vouched.oidc_late": "That took too long, or began elsewhere. Please try again.",
  "vouched.oidc_away": "The other service can not be reached now. Please try again in a moment.",
  "vouched.oidc_no_role": "The other service knows you, but gives you no role here. Ask an admin.",
  "vouched.oidc_no_name": "The other service tells no name that can be used here. Ask an admin.",
  "vouched.oidc_taken": "This name is somebody else's here, or may not come in. Ask an admin.",
  "sign_in.title": "Sign in",
  "sign_in.user": "Name",
  "sign_in.password": "Password",
  "sign_in.go": "Sign in",
  "sign_in.busy": "Signing in …",
  "sign_in.wrong": "Name or password is not right. Please check both.",
  "sign_in.slow_down": "Too many tries. Please wait a minute.",
  "sign_in.no_answer": "The service does not answer. Please try again in a moment.",
};
