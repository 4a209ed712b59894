function context = sign_context(expected)
  % Which of seven ranges the expected sign lies in.
  context = 1 + (expected >= -128) + (expected >= -26) + (expected >= -1) + (expected >= 1) + ...
            (expected >= 26) + (expected >= 128);
end
