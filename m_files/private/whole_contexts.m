function contexts = whole_contexts()
  % The counts that one kind of whole number adapts: of its length in bits, and the next bit.
  contexts = ones(2, 108);
end
