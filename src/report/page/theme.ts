const themes = ['auto', 'light', 'dark'] as const
type Theme = (typeof themes)[number]

const memoryKey = 'tidemark-theme'

/** Light or dark as the system has it, until the button says otherwise. */
export function startTheme(): void {
  const button = document.getElementById('theme')
  if (button === null) return
  let theme = remembered()
  const show = (): void => {
    document.documentElement.dataset['theme'] = theme
    button.textContent = `Theme: ${theme}`
    document.dispatchEvent(new Event('themechange'))
  }
  button.hidden = false
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto'
    remember(theme)
    show()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show)
  show()
}

/** A page that was opened from a file may have no storage, and then every access to it throws. */
function remembered(): Theme {
  try {
    const found = localStorage.getItem(memoryKey)
    return themes.find((theme) => theme === found) ?? 'auto'
  } catch {
    return 'auto'
  }
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem(memoryKey, theme)
  } catch {
    // The choice holds for as long as the page is open.
  }
}
