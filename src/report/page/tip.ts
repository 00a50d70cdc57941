/** The one note that floats beside what the pointer or the keyboard is on. */
const tip = document.createElement('div')
tip.className = 'tip'
tip.setAttribute('role', 'tooltip')
tip.hidden = true
document.body.append(tip)

const distance = 10

/** Above the place, or below where there is no room, and never beyond the sides. */
export function showTip(text: string, place: { x: number; top: number; bottom: number }): void {
  tip.textContent = text
  tip.hidden = false
  const { width, height } = tip.getBoundingClientRect()
  const most = document.documentElement.clientWidth - width - distance
  const left = Math.max(distance, Math.min(place.x - width / 2, most))
  const isRoomAbove = place.top - height - distance > 0
  const top = isRoomAbove ? place.top - height - distance : place.bottom + distance
  tip.style.left = `${left + scrollX}px`
  tip.style.top = `${top + scrollY}px`
}

export function hideTip(): void {
  tip.hidden = true
}
