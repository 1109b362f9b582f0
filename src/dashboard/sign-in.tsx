/** Shown to who has not signed in. */
import { useState } from 'preact/hooks'
import { signIn } from './session.ts'

export function SignIn() {
  const [problem, setProblem] = useState<string>()
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    if (!(event.currentTarget instanceof HTMLFormElement)) return
    const { user, secret } = Object.fromEntries(new FormData(event.currentTarget))
    setProblem(await signIn(user === '' ? { token: secret } : { user, password: secret }))
  }
  return (
    <main class="sign-in">
      <h1>rqd</h1>
      <form onSubmit={submit}>
        <label>
          Name, or nothing with a token
          <input name="user" autocomplete="username" autocapitalize="none" spellcheck={false} autofocus />
        </label>
        <label>
          Password or token
          <input name="secret" type="password" autocomplete="current-password" required />
        </label>
        <button type="submit" class="primary">
          Sign in
        </button>
        {problem !== undefined && (
          <p class="notice bad" role="alert">
            {problem}
          </p>
        )}
      </form>
      <p class="hint">
        <code>rqd web</code> prints a link that signs you in; the token lies in the root, in <code>_token</code>.{' '}
        <code>rqd user add</code> makes names and passwords.
      </p>
    </main>
  )
}
