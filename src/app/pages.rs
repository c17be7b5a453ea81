//! The page of an object under keys and mouse.

use super::App;
use crate::{
    model::input::{Mouse, MouseKind},
    pages,
};

impl App {
    /// Scrolling ends where the page does. Called after every key and every turn of the wheel, so that the way back is as long
    /// as the way there was.
    pub(super) fn settle_page(&mut self) {
        let Some(page) = self.view.stack.last().filter(|page| page.scroll > 0) else { return };
        let area = self.work_area();
        let most = pages::most_scroll(&self.scene(), page, area.width, area.height);
        if let Some(page) = self.view.stack.last_mut() {
            page.scroll = page.scroll.min(most);
        }
    }

    /// The mouse over an object's page: what lies under the page is not touched.
    pub(super) fn point_at_page(&mut self, mouse: Mouse) {
        match mouse.kind {
            MouseKind::ScrollUp => self.move_rows(-3),
            MouseKind::ScrollDown => self.move_rows(3),
            MouseKind::Press if mouse.row == 0 => self.point_at_bar(mouse),
            MouseKind::Press => {
                let area = self.work_area();
                let Some(page) = self.view.stack.last_mut() else { return };
                if let Some(tab) = pages::tab_at(page, area, (mouse.column, mouse.row)) {
                    page.tab = tab;
                    page.scroll = 0;
                }
            }
            MouseKind::Drag | MouseKind::Release => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        model::{
            input::{Mouse, MouseKind},
            object::{ObjectKind, ObjectRef},
        },
        ops::gate::Policy,
        panes::tests::{app_of, world},
    };

    #[test]
    fn tabs_turn_and_scrolling_ends_with_the_page() {
        let mut app = app_of(world(), Policy::default(), (80, 24));
        app.open(ObjectRef::new(ObjectKind::Mount, "/var"));
        app.run("tab-next");
        assert_eq!(app.view.stack[0].tab, 1);
        app.run("tab-previous");
        app.run("tab-previous");
        assert_eq!(app.view.stack[0].tab, 4, "around the end");
        // The bar: Summary, Why, Events, Record, History, at the right end of the page's first row.
        let bar = 79 - " Summary  Why  Events  Record  History ".len() as u16;
        app.point_at_page(Mouse { kind: MouseKind::Press, column: bar + 11, row: 2 });
        assert_eq!(app.view.stack[0].tab, 1);
        app.view.stack[0].scroll = 10_000;
        app.settle_page();
        assert_eq!(app.view.stack[0].scroll, 0);
    }
}
