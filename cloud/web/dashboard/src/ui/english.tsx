// What a service or a gateway says of it in English, beside the words of the page.

export function English({ text }: { text: string }) {
  return text ? (
    <small class="english" lang="en">
      {text}
    </small>
  ) : null;
}
